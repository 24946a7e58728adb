// Talks to the server: models, and streams that survive a dropped connection.

/** A refusal or failure that the server explained. */
export class Refusal extends Error {
  constructor(status, details, retryAfter) {
    super(details.message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const headers = (key) => (key ? { Authorization: `Bearer ${key}` } : {});

async function refusal(response) {
  const body = await response.json().catch(() => null);
  const details = body?.error ?? { message: `${response.status} ${response.statusText}` };
  return new Refusal(response.status, details, Number(response.headers.get("Retry-After")) || 0);
}

export async function models(key) {
  const response = await fetch("/v1/models", { headers: headers(key) });
  if (!response.ok) throw await refusal(response);
  return (await response.json()).data;
}

/** Reads server-sent events from a response; yields {id, name, data}. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const event = { id: "", name: "message", data: "" };
        for (const line of part.split("\n")) {
          if (line.startsWith("id: ")) event.id = line.slice(4);
          else if (line.startsWith("event: ")) event.name = line.slice(7);
          else if (line.startsWith("data: ")) event.data += line.slice(6);
        }
        if (event.data) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

const pause = (milliseconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
});

const MOST_TRIES = 7;

/**
 * Runs one turn. Calls `on.text(piece)`, `on.resuming()`, `on.resumed()`; returns {session, reason, usage}.
 * A connection that drops after the first event is picked up again behind the last event that arrived.
 */
export async function chat({ body, session, key, signal, on }) {
  let lastId = "";
  let tries = 0;
  const outcome = { session, reason: null, usage: null };
  const first = () => fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers(key), ...(session ? { "X-Session-Id": session } : {}) },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  const again = () => fetch(`/v1/streams/${encodeURIComponent(lastId.slice(0, lastId.lastIndexOf(".")))}`, {
    headers: { "Last-Event-ID": lastId, ...headers(key) },
    signal,
  });
  for (;;) {
    try {
      const response = await (lastId ? again() : first());
      if (!response.ok) throw await refusal(response);
      outcome.session = response.headers.get("X-Session-Id") ?? outcome.session;
      if (lastId) on.resumed();
      for await (const event of events(response)) {
        if (event.data === "[DONE]") return outcome;
        const data = JSON.parse(event.data);
        if (event.name === "error") throw new Refusal(0, data.error, 0);
        lastId = event.id;
        tries = 0;
        if (data.usage) outcome.usage = data.usage;
        const choice = data.choices[0];
        if (choice?.delta?.content) on.text(choice.delta.content);
        if (choice?.finish_reason) outcome.reason = choice.finish_reason;
      }
      throw new TypeError("the stream ended early");
    } catch (problem) {
      const dropped = !signal.aborted && lastId && (!(problem instanceof Refusal) || problem.status === 503);
      if (!dropped || ++tries > MOST_TRIES) throw problem;
      on.resuming();
      await pause(Math.min(8000, 250 * 2 ** tries), signal);
    }
  }
}
