import { deviceKey } from "../../src/slots/device-key.ts";
import { slotContract } from "../contracts/slot.ts";

slotContract("a device key", () => ({
  slot: deviceKey(),
  again: () => deviceKey(),
  wrong: () => deviceKey({ name: "of somebody else" }),
}));
