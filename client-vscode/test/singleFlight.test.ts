import assert from "node:assert/strict";
import { test } from "node:test";
import { SingleFlight } from "../src/singleFlight";

function jobs(): { flight: SingleFlight; runs: { end: () => void; fail: () => void }[]; most: () => number } {
  const runs: { end: () => void; fail: () => void }[] = [];
  let active = 0;
  let most = 0;
  const flight = new SingleFlight(async () => {
    active += 1;
    most = Math.max(most, active);
    try {
      await new Promise<void>((resolve, reject) => {
        runs.push({
          end: resolve,
          fail: () => {
            reject(new Error("failed"));
          },
        });
      });
    } finally {
      active -= 1;
    }
  });
  return { flight, runs, most: () => most };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("many calls during a run ask for one more run", async () => {
  const { flight, runs, most } = jobs();
  const first = flight.run();
  const others = [flight.run(), flight.run(), flight.run()];
  runs[0]?.end();
  await first;
  await turn();
  assert.equal(runs.length, 2);
  runs[1]?.end();
  await Promise.all(others);
  assert.equal(runs.length, 2);
  assert.equal(most(), 1);
});

test("a run that fails does not stop the next", async () => {
  const { flight, runs } = jobs();
  const first = flight.run();
  const second = flight.run();
  runs[0]?.fail();
  await assert.rejects(first);
  await turn();
  runs[1]?.end();
  await second;
  const third = flight.run();
  runs[2]?.end();
  await third;
  assert.equal(runs.length, 3);
});

test("a command that comes while the server starts waits for it", async () => {
  const { flight, runs } = jobs();
  await flight.idle();
  const run = flight.run();
  let idle = false;
  const waiting = flight.idle().then(() => {
    idle = true;
  });
  await turn();
  assert.equal(idle, false);
  runs[0]?.fail();
  await assert.rejects(run);
  await waiting;
  assert.ok(idle);
});
