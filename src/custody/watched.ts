import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { expectArray, expectInteger, expectObject, expectString } from "../base/shape.ts";
import type { WatchedAccount } from "./public-keys.ts";

/** Above these an account's addresses would take minutes to derive: whoever sends the file must not decide that. */
const MOST_ADDRESSES = 10_000;
const MOST_OTHERS = 20;

/** Reads how an account's addresses are made, as a request for approval tells it. @throws `approval/malformed` */
export function readWatched(json: Json): WatchedAccount {
  const { others, ...self } = expectObject(json, { required: ["descriptor", "ceilings", "others"] }, "account", MALFORMED);
  const beside = expectArray(others, "account: others", MALFORMED);
  if (beside.length > MOST_OTHERS)
    throw new CustodyError(MALFORMED, `account: expected at most ${MOST_OTHERS} others, got ${beside.length}`);
  const readOther = (other: Json) => branches(expectObject(other, { required: ["descriptor", "ceilings"] }, "account: others", MALFORMED));
  return { ...branches(self), others: beside.map(readOther) };
}

const MALFORMED = "approval/malformed";

function branches({ descriptor, ceilings }: JsonObject): Pick<WatchedAccount, "descriptor" | "ceilings"> {
  const [receive, change, ...rest] = expectArray(ceilings, "account: ceilings", MALFORMED);
  if (rest.length > 0) throw new CustodyError(MALFORMED, "account: expected two ceilings, of receive and of change addresses");
  return { descriptor: expectString(descriptor, "account: descriptor", MALFORMED, 400), ceilings: [ceiling(receive), ceiling(change)] };
}

function ceiling(json: Json | undefined): number {
  const ceiling = expectInteger(json, "account: ceilings", MALFORMED);
  if (ceiling > MOST_ADDRESSES)
    throw new CustodyError(MALFORMED, `account: expected ceilings of at most ${MOST_ADDRESSES}, got ${ceiling}`);
  return ceiling;
}
