// The mock's clock: shown, stopped, moved forward, and let run again.
import { api, get } from './api.js';
import { act, el } from './dom.js';

const STEPS = [['1 s', 1000], ['1 min', 60_000], ['15 min', 900_000], ['1 h', 3_600_000], ['1 day', 86_400_000]];

export class Clock {
  constructor() {
    this.time = el('p', { class: 'clock' });
    this.state = el('p', { class: 'quiet', role: 'status' });
    this.toggle = el('button', { type: 'button', class: 'first', onclick: act(() => this.set({ action: this.frozen ? 'resume' : 'freeze' })) }, 'Freeze');
    this.ms = el('input', { type: 'number', min: '1', value: '60000', 'aria-label': 'Milliseconds' });
    const advance = (ms) => this.set({ action: 'advance', ms });
    this.element = el('section', { class: 'page', 'aria-label': 'Clock' }, el('h2', {}, 'Clock'), this.time, this.state,
      el('p', { class: 'ready' }, this.toggle),
      el('h3', {}, 'Advance by'),
      el('p', { class: 'ready' }, STEPS.map(([name, ms]) => el('button', { type: 'button', onclick: act(() => advance(ms)) }, name))),
      el('form', { class: 'free', onsubmit: act(() => advance(Number(this.ms.value))) }, this.ms, ' ms ', el('button', {}, 'Advance')),
      el('p', { class: 'quiet' }, 'Rate limits, lockouts, tokens, the time to live of faults, Date and the times in the journal follow it. Delays of faults pass in real time.'));
  }

  async set(request) {
    this.draw(await api('POST', 'clock', request));
  }

  async refresh() {
    this.draw(await get('clock'));
  }

  draw({ now, frozen }) {
    this.frozen = frozen;
    this.time.textContent = now.replace('T', ' ');
    this.state.textContent = frozen ? 'It is frozen.' : 'It runs.';
    this.toggle.textContent = frozen ? 'Resume' : 'Freeze';
  }
}
