import type { Json, JsonObject } from "../base/canonical.ts";
import { CustodyError } from "../base/errors.ts";
import { expectArray, expectInteger, expectObject, expectString } from "../base/shape.ts";
import type { WatchedAccount } from "./public-keys.ts";

/** Of all accounts together. More would take minutes to derive: whoever sends the file must not decide that. */
const MOST_ADDRESSES = 20_000;
const MOST_OTHERS = 100;

/** Reads how an account's addresses are made, as a request for approval tells it. @throws `approval/malformed` */
export function readWatched(json: Json): WatchedAccount {
  const { others, ...self } = expectObject(json, { required: ["descriptor", "ceilings", "others"] }, "account", MALFORMED);
  const beside = expectArray(others, "account: others", MALFORMED);
  if (beside.length > MOST_OTHERS)
    throw new CustodyError(MALFORMED, `account: expected at most ${MOST_OTHERS} others, got ${beside.length}`);
  const readOther = (other: Json) => branches(expectObject(other, { required: ["descriptor", "ceilings"] }, "account: others", MALFORMED));
  const watched = { ...branches(self), others: beside.map(readOther) };
  const addresses = [watched, ...watched.others].reduce((sum, { ceilings: [receive, change] }) => sum + receive + change, 0);
  if (addresses > MOST_ADDRESSES)
    throw new CustodyError(MALFORMED, `account: expected at most ${MOST_ADDRESSES} addresses of all accounts together, got ${addresses}`);
  return watched;
}

const MALFORMED = "approval/malformed";

function branches({ descriptor, ceilings }: JsonObject): Pick<WatchedAccount, "descriptor" | "ceilings"> {
  const [receive, change, ...rest] = expectArray(ceilings, "account: ceilings", MALFORMED);
  if (rest.length > 0) throw new CustodyError(MALFORMED, "account: expected two ceilings, of receive and of change addresses");
  return {
    descriptor: expectString(descriptor, "account: descriptor", MALFORMED, 400),
    ceilings: [expectInteger(receive, "account: ceilings", MALFORMED), expectInteger(change, "account: ceilings", MALFORMED)],
  };
}
