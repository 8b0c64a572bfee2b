// Keeps the tracking page true: takes the server's fragments as they come, and lets the flight's clock run between them.

const data = JSON.parse(document.getElementById("page-data").textContent);
const words = data.words;
const parts = ["signal", "headline", "figures", "map", "journey", "condition", "updates"];
const shown = new Map();
const FRESH_S = 5;
const LOST_S = 60;
const JUMP_S = 120;
const RETRY_MS = [1000, 2000, 5000, 10000];

// The flight's clock: what the server last said, carried on at the rate it gave; a small error is taken out little by little.
const clock = {
  tMs: null, rate: 0, heardMs: null, at: performance.now(), offsetMs: 0,
  now() {
    return this.tMs === null ? null : this.tMs + (performance.now() - this.at) * this.rate + this.offsetMs;
  },
  set({ t_ms, rate, heard_ms }) {
    const before = this.now();
    Object.assign(this, { tMs: t_ms, rate, heardMs: heard_ms, at: performance.now(), offsetMs: 0 });
    if (before !== null && t_ms !== null && rate > 0) {
      const errorMs = before - t_ms;
      this.offsetMs = Math.abs(errorMs) < JUMP_S * 1000 ? errorMs : 0;
    }
  },
  settle() {
    this.offsetMs *= 0.85;
  },
};

function clockText(seconds) {
  const whole = Math.max(Math.floor(seconds), 0);
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

function about(seconds) {
  const [unit, size, digits] = seconds < 90 ? ["s", 1, 0] : seconds < 5400 ? ["min", 60, 0]
    : seconds < 129600 ? ["h", 3600, 1] : ["day", 86400, 1];
  return words[`unit.${unit}`].replace("{value}", (seconds / size).toFixed(digits));
}

function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function tellSignal(nowMs, connected) {
  const pill = document.querySelector(".signal");
  if (!pill) return;
  const say = (state, text) => {
    if (!pill.classList.contains(state)) pill.className = `signal ${state}`;
    setText(document.getElementById("signal-text"), text);
  };
  if (pill.classList.contains("ended")) return;
  if (!connected) return say("offline", words["signal.offline"]);
  if (nowMs === null || clock.heardMs === null) return say("never", words["signal.never"]);
  const ageS = (nowMs - clock.heardMs) / 1000;
  const visitorS = ageS / Math.max(clock.rate, 1);
  if (clock.rate > 0 && visitorS < FRESH_S) return say("fresh", words["signal.fresh"]);
  const state = clock.rate > 0 && visitorS < LOST_S ? "age" : "none";
  return say(state, words[`signal.${state}`].replace("{time}", about(ageS)));
}

function tick() {
  clock.settle();
  const nowMs = clock.now();
  tellSignal(nowMs, stream.connected);
  if (nowMs === null) return;
  for (const element of document.querySelectorAll("[data-until]")) {
    const leftS = (Number(element.dataset.until) - nowMs) / 1000;
    setText(element, leftS > 0 ? clockText(leftS) : words["eta.now"]);
  }
  for (const element of document.querySelectorAll("[data-since]")) {
    setText(element, clockText((nowMs - Number(element.dataset.since)) / 1000));
  }
}

const visitorsTime = new Intl.DateTimeFormat(data.locale, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
function tellTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    element.title = element.textContent;
    element.textContent = visitorsTime.format(new Date(element.dateTime));
  }
}

function take(update) {
  clock.set(update.clock);
  for (const name of parts) {
    const html = update.parts[name];
    if (html === undefined || shown.get(name) === html) continue;
    shown.set(name, html);
    const element = document.getElementById(name);
    element.innerHTML = html;
    tellTimes(element);
  }
  if (update.status !== data.status) {
    data.status = update.status;
    document.title = update.title;
    document.getElementById("announce").textContent = update.announce;
  }
  document.documentElement.dataset.status = update.status;
  tick();
}

// One connection while the page is seen; when it breaks, another after a pause that grows.
const stream = {
  source: null, connected: true, failures: 0, timer: 0,
  open() {
    this.close();
    this.source = new EventSource(data.live);
    this.source.addEventListener("open", () => Object.assign(this, { connected: true, failures: 0 }));
    this.source.addEventListener("update", (event) => take(JSON.parse(event.data)));
    this.source.addEventListener("error", () => {
      this.connected = false;
      if (this.source.readyState !== EventSource.CLOSED) return;
      const delay = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)];
      this.timer = setTimeout(() => this.open(), delay);
    });
  },
  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  },
};

document.addEventListener("visibilitychange", () => (document.hidden ? stream.close() : stream.open()));

const copy = document.getElementById("copy");
if (navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(copy.dataset.code);
    copy.textContent = copy.dataset.copied;
  });
}

clock.set(data.clock);
tellTimes(document);
stream.open();
setInterval(tick, 200);
tick();
