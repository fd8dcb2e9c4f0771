import { define, elements } from '../define.ts';
import { HostsPage } from '../pages/hosts.ts';
import '../styles/page.css';
import { TarsierApp } from './app.ts';
import { applyTheme, storedTheme } from './theme.ts';

applyTheme(document.documentElement, storedTheme());
define([...elements, ['tarsier-hosts-page', HostsPage], ['tarsier-app', TarsierApp]]);
