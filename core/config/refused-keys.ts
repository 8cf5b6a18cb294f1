/** Keys that other systems' files have and this one refuses, with what to write instead. */
export const refusedKeys: Readonly<Record<string, { readonly message: string; readonly remedy: string }>> = {
  'database.path': {
    message: 'There is no database file to name: everything is kept in PostgreSQL.',
    remedy:
      'Remove the key; start with --data FOLDER to choose where the embedded PostgreSQL keeps its files, or set `database.url`.',
  },
  'security.jwt_secret': {
    message:
      'Tokens are not signed with a shared secret: the identity provider makes and rotates its own keys.',
    remedy: 'Remove the key, and the variable behind it; nothing replaces it.',
  },
};
