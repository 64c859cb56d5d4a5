// Accounts with their credentials, users, roles and the log of a user, and throwaway accounts.
import { api, below, get } from './api.js';
import { quoted } from './copy.js';
import { act, confirmed, copy, el, shown, table, update } from './dom.js';
import { count, oneLine } from './text.js';

// Users in the list; the search finds the others.
const LISTED = 200;
// Users of the largest account that is read: one document has them all.
const MOST = 10_000;
// The fields of a user as in a seed file, those of its details among them.
const fields = ({ details = {}, ...rest }) => ({ ...rest, ...details });

// What differs between a user before and after, as [name, before, after]; undefined where it is absent.
function differences(before, after) {
  if (!after) return [];
  const [from, to] = [fields(before ?? {}), fields(after)];
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names.map((name) => [name, from[name], to[name]])
    .filter(([, one, other]) => JSON.stringify(one) !== JSON.stringify(other));
}

const value = (one) => (one === undefined ? 'absent' : typeof one === 'object' ? JSON.stringify(one) : `${one}`);

const cell = (value) => el('td', {}, value === undefined || value === '' ? el('span', { class: 'quiet' }, '–') : shown(value));

export class Accounts {
  // `baseUrl` gives the base of the emulated API, as this browser reaches it.
  constructor(baseUrl) {
    this.baseUrl = baseUrl;
    // The account that was created last: only its secrets are known.
    this.made = {};
    this.list = el('div', {});
    this.credentials = el('div', { role: 'status' });
    this.filter = el('input', { type: 'search', placeholder: 'Search users  /', 'aria-label': 'Search users', autocomplete: 'off', oninput: act(() => this.refresh()) });
    this.heading = el('h3', { hidden: true });
    this.users = el('div', {});
    this.log = el('div', {});
    this.element = el('section', { class: 'page accounts', 'aria-label': 'Accounts' },
      el('h2', {}, 'Accounts'), this.list,
      el('p', { class: 'ready' }, el('button', { type: 'button', class: 'first', onclick: act(() => this.create()) }, 'New throwaway account')),
      this.credentials, this.log, this.heading, el('div', { class: 'bar' }, this.filter), this.users);
  }

  async show([id, user]) {
    if (id !== this.id) this.filter.value = '';
    this.id = id;
    this.user = user;
    await this.refresh();
  }

  async create() {
    this.made = await api('POST', 'accounts', {});
    location.hash = `#/accounts/${encodeURIComponent(this.made.accountId)}`;
    await this.refresh();
  }

  // Goes to the first hit, once the list follows what was typed.
  async first() {
    await this.refresh();
    this.users.querySelector('a')?.focus();
  }

  // The variables that a client of the account reads, as commands of a shell.
  exports({ accountId, username, clientIds: [clientId] }) {
    const made = this.made.accountId === accountId ? this.made : null;
    const variables = {
      BW_BASE_URL: this.baseUrl(), BW_ACCOUNT_ID: accountId, BW_USERNAME: username, BW_PASSWORD: made?.password,
      BW_CLIENT_ID: clientId, BW_CLIENT_SECRET: made?.clientSecret,
    };
    const text = Object.entries(variables).map(([name, value]) => (value === undefined ? `# ${name}: unknown to this page` : `export ${name}=${quoted(value)}`)).join('\n');
    return [el('h3', {}, 'Credentials of ', shown(accountId)),
      el('p', { class: made ? 'attention' : 'quiet' }, made ? 'Account created. Copy the secrets now: the mock does not show them again.'
        : 'This page does not know the secrets of this account. The mock printed those of the demo account at its start.'),
      el('div', { class: 'exports' }, el('pre', { class: 'body', tabindex: '0' }, text),
        el('button', { type: 'button', 'data-key': 'exports', onclick: (event) => copy(`${text}\n`, event.currentTarget, 'Copy the variables') }, 'Copy'))];
  }

  async refresh() {
    const { accounts } = await get('accounts');
    const account = accounts.find(({ accountId }) => accountId === this.id) ?? (this.id === undefined ? accounts[0] : undefined);
    update(this.list, [accounts, account?.accountId], () => this.accounts(accounts, account));
    this.filter.parentNode.hidden = !account?.users;
    this.heading.hidden = !account;
    this.heading.replaceChildren(...(account ? ['Users of ', shown(account.accountId)] : []));
    update(this.credentials, account && [account.accountId, account.username, account.clientIds, this.made.accountId, this.baseUrl()], () => (account && this.baseUrl() ? this.exports(account) : []));
    if (!account) {
      this.noLog();
      update(this.users, this.id, () => el('p', { class: 'nothing' }, this.id === undefined ? 'There is no account.' : ['There is no account ', shown(this.id), '. It may have been deleted.']));
      return;
    }
    if (account.users > MOST) {
      this.noLog();
      update(this.users, account, () => el('p', { class: 'nothing' }, `This account has ${count(account.users, 'user')}, too many to show. GET accounts/{id}/snapshot returns them.`));
      return;
    }
    const { accounts: [contents] } = await get(`${below('accounts', account.accountId)}/snapshot`);
    await this.showLog(account, contents.users ?? []);
    const word = this.filter.value.trim().toLowerCase();
    const of = (user) => [user.userId, user.username, user.firstName, user.lastName, user.email].join('\n').toLowerCase();
    const users = (contents.users ?? []).filter((user) => of(user).includes(word));
    const roles = contents.roles ?? [];
    update(this.users, [users.slice(0, LISTED), users.length, roles, account.accountId, this.user], () => this.contents(account, users, roles));
  }

  noLog() {
    update(this.log, null, () => []);
  }

  // The log of the chosen user.
  async showLog(account, users) {
    if (this.user === undefined) {
      this.noLog();
      return;
    }
    if (!users.some(({ userId }) => userId === this.user)) {
      update(this.log, this.user, () => el('p', { class: 'nothing' }, 'There is no user ', shown(this.user), '. It may have been deleted.'));
      return;
    }
    const { events } = await get(`${below('accounts', account.accountId)}/${below('users', this.user)}/events`);
    update(this.log, [account.accountId, this.user, events], () => [
      el('h3', {}, 'Log of user ', shown(this.user)),
      events.length ? table(['Time', 'Event', 'By', 'What changed'], events.map((event) => el('tr', {},
        cell(event.time), el('td', {}, event.kind, event.success ? null : [' ', el('span', { class: 'mark' }, 'failed')]), cell(event.login),
        el('td', {}, differences(event.before, event.after).map(([name, before, after]) => el('div', {},
          el('code', {}, name), ': ', event.before ? [shown(value(before)), ' → '] : null, shown(value(after)))))))
      ) : el('p', { class: 'nothing' }, ['The log of this user is empty. Only profiles with ', el('code', {}, 'surface.identity=served'), ' keep a log.']),
    ]);
  }

  accounts(accounts, selected) {
    const change = (method, path) => act(async () => { await api(method, path); await this.refresh(); });
    const label = (text, { accountId }) => oneLine(`${text} ${accountId}`);
    const attributes = (text, { accountId }) => ({ class: 'small', 'data-key': `${text} ${accountId}` });
    const button = (text, account, method, path) => el('button', { type: 'button', 'aria-label': label(text, account), ...attributes(text, account), onclick: change(method, path) }, text);
    const sure = (text, account, method, path) => confirmed(text, label(text, account), attributes(text, account), change(method, path));
    return table(['Account', 'Company', 'Domain', 'Login', 'Clients', 'Users', 'Roles', 'Profile', 'Actions'], accounts.map((account) => {
      const path = below('accounts', account.accountId);
      const failed = account.failedLogins.map(({ username, failures, lockedOut }) =>
        [' ', el('span', { class: 'mark' }, shown(username), lockedOut ? ' is locked out' : `: ${count(failures, 'failed login')}`)]);
      return el('tr', { class: account === selected ? 'selected' : null },
        el('td', {}, el('a', { href: `#/accounts/${encodeURIComponent(account.accountId)}`, 'data-key': `account ${account.accountId}`, 'aria-current': account === selected ? 'true' : null }, shown(account.accountId)),
          account.throwaway ? [' ', el('span', { class: 'mark plain' }, 'throwaway')] : null,
          account.furtherAccounts.map(({ accountId, companyName }) => el('div', { class: 'quiet' }, 'and ', shown(accountId), companyName ? [' ', shown(companyName)] : null)), failed),
        cell(account.companyName), cell(account.domainName), cell(account.username), cell(account.clientIds.join(', ')), el('td', {}, account.users.toLocaleString('en')), el('td', {}, account.roles),
        el('td', {}, el('a', { href: `#/profile?account=${encodeURIComponent(account.accountId)}` }, shown(account.profile)), account.ownProfile ? ' (own)' : ''),
        el('td', { class: 'buttons' }, account.failedLogins.length ? button('Unlock', account, 'POST', `${path}/unlock`) : null,
          sure('Reset', account, 'POST', `${path}/reset`), account.throwaway ? sure('Delete', account, 'DELETE', path) : null));
    }));
  }

  contents(account, users, roles) {
    const names = new Map(roles.map(({ roleId, roleName }) => [roleId, roleName]));
    const path = `#/${below('accounts', account.accountId)}`;
    const main = [account.accountId];
    const rows = users.slice(0, LISTED).map((user) => el('tr', { class: user.userId === this.user ? 'selected' : null }, cell(user.userId),
      el('td', {}, el('a', { href: `${path}/${encodeURIComponent(user.userId)}`, 'data-key': `user ${user.userId}`, title: 'Show the log of this user' }, shown(user.username))),
      cell([user.firstName, user.lastName].filter(Boolean).join(' ')), cell(user.email),
      cell((user.roles ?? []).map((id) => names.get(id) ?? id).join(', ')),
      cell(user.accountScope ?? 'Account'), cell((user.accounts ?? main).join(', ')),
      el('td', {}, user.enabled === false ? el('span', { class: 'mark' }, 'disabled') : 'enabled'),
      cell((user.resources ?? []).join(', '))));
    return [rows.length ? table(['Id', 'Username', 'Name', 'Email', 'Roles', 'Scope', 'Accounts', 'State', 'Resources'], rows) : el('p', { class: 'nothing' }, 'No users.'),
      users.length > LISTED ? el('p', { class: 'quiet' }, `The first ${LISTED} of ${count(users.length, 'user')}. Search for the others.`) : null,
      el('h3', {}, 'Roles'),
      roles.length ? table(['Id', 'Name', 'Permissions'], roles.map((role) => el('tr', {}, cell(role.roleId), cell(role.roleName), cell((role.permissions ?? []).join(', ')))))
        : el('p', { class: 'nothing' }, 'No roles.')];
  }
}
