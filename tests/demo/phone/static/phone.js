// The page of the customer's phone: draws phones, sends what is typed, shows what arrives. No state but the screens.

const PLATFORMS = { messenger: "Messenger", telegram: "Telegram" };
const TYPING_SHOWN_MS = 5000; // as long as Telegram shows it
const desk = document.getElementById("desk");
const connection = document.getElementById("connection");
const phones = new Map();
let missed = null; // changes that came while the screens were being drawn anew

class Phone {
  constructor(description) {
    this.id = description.id;
    this.business = description.business;
    this.typingTimer = 0;
    this.element = document.getElementById("phone").content.firstElementChild.cloneNode(true);
    this.find = (selector) => this.element.querySelector(selector);
    this.label(description);
    this.find("form").addEventListener("submit", (event) => this.submit(event));
    this.find("textarea").addEventListener("keydown", (event) => this.enter(event));
    this.find("textarea").addEventListener("input", () => this.grow());
  }

  label({ id, platform, person, business }) {
    const field = this.find("textarea");
    this.element.dataset.platform = platform;
    this.element.setAttribute("aria-label", `${person}'s phone with ${PLATFORMS[platform]}`);
    this.find(".avatar").textContent = business.slice(0, 1).toUpperCase();
    this.find(".business").textContent = business;
    this.find(".presence").textContent = `You are ${person}`;
    this.find(".badge").textContent = PLATFORMS[platform];
    this.find(".talk").setAttribute("aria-label", `Conversation with ${business}`);
    this.find(".empty").textContent = `Write to ${business} on ${PLATFORMS[platform]}. The answer will appear here.`;
    field.id = `text-${id}`;
    this.find(".composer label").htmlFor = field.id;
    this.find(".composer label").textContent = `Message to ${business} as ${person}`;
  }

  redraw(bubbles) {
    this.find(".bubbles").replaceChildren();
    bubbles.forEach((bubble) => this.show(bubble));
  }

  show({ id, mine, text, at_ms: atMs }, { fresh = false } = {}) {
    const known = this.bubble(id);
    const item = known ?? document.getElementById("bubble").content.firstElementChild.cloneNode(true);
    const time = item.querySelector("time");
    item.dataset.id = id;
    item.classList.add(mine ? "mine" : "theirs");
    item.classList.toggle("fresh", fresh);
    item.querySelector(".author").textContent = mine ? "You: " : `${this.business}: `;
    item.querySelector(".text").textContent = text;
    time.dateTime = new Date(atMs).toISOString();
    time.textContent = clockTime(new Date(atMs));
    if (!known) this.append(item, mine);
  }

  append(item, mine) {
    const list = this.find(".bubbles");
    const last = list.lastElementChild;
    item.classList.toggle("turn", Boolean(last) && last.classList.contains("mine") !== mine);
    list.append(item);
    this.find(".empty").hidden = true;
    if (!mine) this.typing(false);
    this.scroll();
  }

  bubble(id) {
    return [...this.find(".bubbles").children].find((item) => item.dataset.id === id);
  }

  remove(id) {
    this.bubble(id)?.remove();
  }

  typing(on) {
    clearTimeout(this.typingTimer);
    this.find(".typing").hidden = !on;
    if (on) this.typingTimer = setTimeout(() => this.typing(false), TYPING_SHOWN_MS);
    this.scroll();
  }

  note(sentence) {
    this.find(".note").textContent = sentence;
    this.find(".note").hidden = !sentence;
  }

  scroll() {
    const talk = this.find(".talk");
    talk.scrollTop = talk.scrollHeight;
  }

  grow() {
    const field = this.find("textarea");
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
  }

  enter(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.find("form").requestSubmit();
    }
  }

  async submit(event) {
    event.preventDefault();
    const field = this.find("textarea");
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    this.grow();
    try {
      const answer = await post(`api/phones/${this.id}/messages`, { text });
      this.note((await answer.json()).note);
    } catch {
      field.value = text;
      this.note("The phone has no connection: the message was not sent.");
    }
  }

  looked() {
    // Whether the reading gets through is no concern of the person who reads.
    if (document.visibilityState === "visible") post(`api/phones/${this.id}/looks`, {}).catch(() => {});
  }
}

async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  return answer;
}

async function reload() {
  missed = [];
  const { phones: descriptions } = await (await fetch("api/phones")).json();
  for (const description of descriptions) {
    if (!phones.has(description.id)) {
      phones.set(description.id, new Phone(description));
      desk.append(phones.get(description.id).element);
    }
    phones.get(description.id).redraw(description.bubbles);
  }
  const late = missed;
  missed = null;
  late.forEach(apply);
  tick();
}

function apply(change) {
  if (missed) {
    missed.push(change);
    return;
  }
  const phone = phones.get(change.phone);
  if (!phone) return;
  if (change.kind === "gone") phone.remove(change.id);
  else if (change.kind === "typing") phone.typing(true);
  else {
    phone.show(change, { fresh: true });
    if (!change.mine) phone.looked();
  }
}

function clockTime(date) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function tick() {
  for (const element of document.querySelectorAll(".status .clock")) element.textContent = clockTime(new Date());
}

function listen() {
  const events = new EventSource("api/events");
  // After every interruption the screens are drawn anew, so that nothing that was missed stays missing.
  events.addEventListener("open", async () => {
    connection.textContent = "";
    await reload();
  });
  events.addEventListener("message", (event) => apply(JSON.parse(event.data)));
  events.addEventListener("error", () => {
    connection.textContent = "No connection to the phones; trying again.";
  });
}

setInterval(tick, 5000);
await reload();
listen();
