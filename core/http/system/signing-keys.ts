import type { HttpInstance } from '@orchestrall/sdk';
import Type from 'typebox';
import type { Auth } from '../../auth/auth.ts';

const weekSeconds = 604_800;

/** `/api/v1/system/signing-keys/rotate`: a new key for the tokens of the built-in identity provider. */
export function signingKeyRoutes(app: HttpInstance, auth: Pick<Auth, 'rotateKeys'>): void {
  app.post(
    '/api/v1/system/signing-keys/rotate',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'rotateSigningKey',
        summary: 'Makes a new signing key; tokens of the former one are accepted for a while longer',
        tags: ['clients'],
        body: Type.Object({
          overlap_seconds: Type.Integer({
            default: 86_400,
            minimum: 0,
            maximum: weekSeconds,
            description: 'How long the former key is accepted; 0 when it has leaked.',
          }),
        }),
        response: { 200: Type.Object({ kid: Type.String({ description: 'Id of the new key.' }) }) },
      },
    },
    async (request) => auth.rotateKeys({ overlapSeconds: request.body.overlap_seconds }),
  );
}
