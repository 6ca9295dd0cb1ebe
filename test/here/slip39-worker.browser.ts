import type { RealmOptions } from "../../src/recovery/realm.ts";

/** The test server leads to the one made of the sources (`test/recovery/plugin.ts`). */
export const slip39Worker: Pick<RealmOptions, "worker"> = {};
