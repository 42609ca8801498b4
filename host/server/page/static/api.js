// What the page asks the server: data of its own, the API of Step Functions, and changes as
// server-sent events.

class Refused extends Error {
  constructor(code, message, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** JSON from below /page/. */
export async function get(kind, arn, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const path = `/page/${kind}${arn ? `/${encodeURIComponent(arn)}` : ""}`;
  const answer = await fetch(given.length ? `${path}?${new URLSearchParams(given)}` : path);
  const found = await answer.json();
  if (!answer.ok) throw new Refused(found.error, found.message, answer.status);
  return found;
}

/** An operation of the API, as any client calls it. */
export async function call(operation, request) {
  const answer = await fetch("/", {
    method: "POST",
    headers: {
      "Content-Type": "application/x-amz-json-1.0",
      "X-Amz-Target": `AWSStepFunctions.${operation}`,
    },
    body: JSON.stringify(request),
  });
  const found = await answer.json();
  if (!answer.ok) {
    const code = (found.__type ?? "Error").split("#").pop();
    throw new Refused(code, found.message ?? found.Message ?? code, answer.status);
  }
  return found;
}

/** Calls back with changes, at most once in `pause` ms.  -> what ends it */
export function watch(execution, onchange, pause = 0) {
  let timer = 0;
  let told = -Infinity; // when it was called last
  let newest = null;
  const changed = (found) => {
    newest = found;
    timer ||= setTimeout(() => {
      timer = 0;
      told = performance.now();
      onchange(newest);
    }, Math.max(0, told + pause - performance.now()));
  };
  const source = new EventSource("/page/live" +
    (execution ? `?${new URLSearchParams({ execution })}` : ""));
  const line = document.getElementById("line");
  const tell = (state, text) => {
    line.dataset.state = state;
    line.textContent = text;
  };
  source.onopen = () => tell("live", "live");
  source.onerror = () => tell("lost", "no connection");
  source.onmessage = (event) => {
    const found = JSON.parse(event.data);
    if (found.error) tell("lost", found.error);
    else {
      tell("live", "live");
      changed(found);
    }
  };
  return () => {
    clearTimeout(timer);
    source.close();
    tell("", "");
  };
}
