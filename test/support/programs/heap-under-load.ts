// Loaded before the command (`node --import`): makes the garbage of a busy server beside it, and prints what V8 kept of
// it at most, in bytes: `{"young": …, "bodies": …}`.
import v8 from 'node:v8';

const most = { young: 0, bodies: 0 };

function look(): void {
  const young = v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  most.young = Math.max(most.young, young?.space_size ?? 0);
  most.bodies = Math.max(most.bodies, process.memoryUsage().arrayBuffers);
}

/** Answers that the requests under way still hold. */
const held: object[] = [];

function work(): void {
  for (let index = 0; index < 2000; index++) {
    held[index] = Array.from({ length: 50 }, (_, cell) => ({ cell, index }));
    if (index % 10 === 0) Buffer.allocUnsafeSlow(200_000).fill(1);
  }
  look();
}

/** One after the other, so that the command, which looks ten times a second, comes to its turns on a busy machine too. */
function workOn(turns: number): void {
  work();
  if (turns > 1) {
    setTimeout(workOn, 50, turns - 1);
    return;
  }
  process.stdout.write(`\n${JSON.stringify(most)}\n`);
  process.exit();
}

// The command sets its flags as it is loaded.
setTimeout(workOn, 500, 40);
