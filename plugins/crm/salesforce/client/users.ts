import { queryAll } from './query.ts';
import type { Transport } from './transport.ts';

/** A user of the organisation. */
export interface RemoteUser {
  readonly id: string;
  readonly username: string | null;
  readonly email: string | null;
  readonly name: string | null;
  readonly active: boolean;
}

/**
 * All users of the organisation
 * (https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_user.htm).
 */
export async function listUsers(transport: Transport): Promise<RemoteUser[]> {
  const rows = await queryAll(transport, 'SELECT Id, Username, Email, Name, IsActive FROM User ORDER BY Id');
  return rows.flatMap((row) => {
    const id = textOf(row['Id']);
    if (id === null) return [];
    const [username, email, name] = [textOf(row['Username']), textOf(row['Email']), textOf(row['Name'])];
    return [{ id, username, email, name, active: row['IsActive'] === true }];
  });
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
