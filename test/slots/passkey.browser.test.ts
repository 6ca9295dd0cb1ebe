import { afterAll, beforeAll } from "vitest";
import { cdp } from "vitest/browser";
import { passkey } from "../../src/slots/passkey.ts";
import { slotContract } from "../contracts/slot.ts";

/** The developer tools of this page, as far as this file uses them. */
const tools = () =>
  cdp() as unknown as { send(method: `WebAuthn.${string}`, params?: object): Promise<{ readonly authenticatorId: string }> };

let authenticatorId: string;

beforeAll(async () => {
  await tools().send("WebAuthn.enable");
  const options = {
    protocol: "ctap2",
    ctap2Version: "ctap2_1",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    hasPrf: true,
    automaticPresenceSimulation: true,
  };
  ({ authenticatorId } = await tools().send("WebAuthn.addVirtualAuthenticator", { options }));
});
afterAll(async () => {
  await tools().send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
  await tools().send("WebAuthn.disable");
});

slotContract("a passkey", () => ({
  slot: passkey(),
  again: () => passkey(),
  wrong: () => passkey({ rpId: "elsewhere.example" }),
}));
