import type { Peer, PeerEvent } from "../store.ts";

/** A member that can go. */
export interface Member extends Peer {
  leave(): void;
}

/**
 * Joins the pages and workers of this origin that have the database `name` open, over a channel of its name. Anything else that comes
 * over it is not heard. `hear` is also called when this page is put away (it is left, kept for going back, or frozen): no timer runs
 * there, and nobody looks at it.
 */
export function joinPeers(name: string, hear: (event: PeerEvent | "suspended") => void): Member {
  const channel = new BroadcastChannel(`keyward/${name}`);
  const put = new AbortController();
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data === "locked" || data === "created") hear(data);
  };
  // Where the DOM is only imitated, Node would wait for messages for ever.
  (channel as { unref?: () => void }).unref?.();
  // A worker has no page to put away.
  const document = (globalThis as { document?: EventTarget }).document;
  if (document !== undefined) {
    addEventListener("pagehide", () => hear("suspended"), { signal: put.signal });
    document.addEventListener("freeze", () => hear("suspended"), { signal: put.signal });
  }
  let joined = true;
  return {
    tell(event) {
      if (joined) channel.postMessage(event);
    },
    leave() {
      joined = false;
      put.abort();
      channel.close();
    },
  };
}
