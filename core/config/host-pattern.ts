const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Whether a host pattern names the URL's host; without a port it names the scheme's default port only. */
export function matchesHost(pattern: string, url: URL): boolean {
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(pattern.toLowerCase()) ?? [];
  const standard = defaultPorts[url.protocol] ?? '';
  if ((url.port || standard) !== (port ?? standard)) return false;
  if (!name.startsWith('*.')) return url.hostname === name;
  return url.hostname.endsWith(name.slice(1)) && url.hostname.length > name.length - 1;
}
