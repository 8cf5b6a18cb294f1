import type { TokenKeeper } from '../token.ts';
import { isRepeatable } from './send.ts';
import type { Send } from './send.ts';

/** Sends each request with the token, and once more with a new one when the appliance refuses it with 401. */
export function authorized(send: Send, tokens: TokenKeeper): Send {
  return async (request) => {
    const token = await tokens.token();
    const copy = tokens.renewable && isRepeatable(request) ? request.clone() : undefined;
    const answer = await send(bearing(request, token));
    if (answer.status !== 401 || copy === undefined) return answer;
    await answer.body?.cancel();
    return send(bearing(copy, await tokens.token(token)));
  };
}

function bearing(request: Request, token: string): Request {
  request.headers.set('authorization', `Bearer ${token}`);
  return request;
}
