import { domainToASCII } from 'node:url';

/** Second labels under which countries register names. */
const registries = new Set('ac co com edu go gob gov gv ltd mil ne net nom or org plc'.split(' '));

/** Sites on which many companies have a page, and none has the domain. */
const shared = new Set(
  (
    'facebook.com instagram.com linkedin.com twitter.com x.com xing.com youtube.com google.com ' +
    'gmail.com outlook.com hotmail.com yahoo.com icloud.com gmx.de web.de'
  ).split(' '),
);

/** Sites under which each company has a name of its own. */
const hosts = new Set(
  (
    'github.io gitlab.io wordpress.com blogspot.com wixsite.com webflow.io myshopify.com netlify.app ' +
    'vercel.app azurewebsites.net herokuapp.com squarespace.com jimdosite.com'
  ).split(' '),
);

/**
 * The part of a domain that is registered, such as `example.co.uk` of `shop.example.co.uk`, in ASCII. It is told by a
 * short list of registries, not by the Public Suffix List. Undefined for sites that many companies share.
 */
export function siteOf(domain: string): string | undefined {
  const labels = domainToASCII(domain).split('.');
  if (labels.length < 2) return undefined;
  const country = labels.at(-1)?.length === 2 && registries.has(labels.at(-2) ?? '');
  const registered = country ? 3 : 2;
  const site = labels.slice(-registered).join('.');
  if (shared.has(site) || labels.length < registered) return undefined;
  if (!hosts.has(site)) return site;
  return labels.length === registered ? undefined : labels.slice(-registered - 1).join('.');
}

/** As `siteOf`, of the address of a website. */
export function siteOfAddress(address: string): string | undefined {
  const host = URL.parse(address)?.hostname;
  return host === undefined ? undefined : siteOf(host);
}
