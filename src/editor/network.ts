import * as vscode from 'vscode';
import { environmentNetwork, type NetworkSettings, noProxies } from '../agent/network/proxyFor.ts';
import type { Environment } from './settings.ts';

/**
 * VS Code's own settings for proxies, read as its own proxy support reads them: the person's, never a workspace's, and
 * the environment where they say nothing. Where `http.proxySupport` is `override` or `fallback` the editor puts its own
 * proxies, those of the system included, in the place of ours; with `on` it leaves requests alone that bring an agent.
 */
export function readNetwork(environment: Environment): NetworkSettings {
  const configuration = vscode.workspace.getConfiguration('http');
  const own = (key: string): unknown => {
    const found = configuration.inspect<unknown>(key);
    return found?.globalValue ?? found?.defaultValue;
  };
  if (own('proxySupport') === 'off') return noProxies;
  const fromEnvironment = environmentNetwork(environment);
  const proxy = text(own('proxy')) || fromEnvironment.secureProxy || fromEnvironment.plainProxy;
  const listed = own('noProxy');
  const noProxy = Array.isArray(listed) ? listed.filter((entry) => typeof entry === 'string') : [];
  const authorization = text(own('proxyAuthorization'));
  return {
    secureProxy: proxy,
    plainProxy: proxy,
    noProxy: noProxy.length > 0 ? noProxy : fromEnvironment.noProxy,
    ...(authorization && { authorization }),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
