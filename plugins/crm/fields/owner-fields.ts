import { textField } from '@orchestrall/sdk/resources';

/** Longest id of a user or a team, characters; those of an outside identity provider may be names or paths. */
const maxPrincipalLength = 200;

/** Who a record belongs to; every kind of record has these fields, and rules of visibility stand on them. */
export function ownerFields() {
  return {
    owner_id: textField(maxPrincipalLength, {
      description: 'Id of the user who owns it; default whoever creates it.',
      headers: ['owner', 'ownerid', 'recordowner', 'contactowner', 'companyowner', 'dealowner'],
    }),
    team_id: textField(maxPrincipalLength, {
      description:
        'Id of the team it belongs to; default the team of whoever creates it, if there is only one.',
      headers: ['team', 'teamid', 'hubspotteam'],
    }),
  };
}
