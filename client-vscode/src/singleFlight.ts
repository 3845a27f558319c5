/**
 * Runs a job once at a time. A call during a run asks for one more run after it, however many calls come:
 * ten changed settings restart the server once.
 */
export class SingleFlight {
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(private readonly job: () => Promise<void>) {}

  run(): Promise<void> {
    if (this.#next !== undefined) {
      return this.#next;
    }
    if (this.#running === undefined) {
      return this.#start();
    }
    this.#next = this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  /** When no run is under way or asked for, however the runs ended. */
  async idle(): Promise<void> {
    for (let run = this.#next ?? this.#running; run !== undefined; run = this.#next ?? this.#running) {
      await run.catch(() => undefined);
    }
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const run = this.job().finally(() => {
      if (this.#running === run) {
        this.#running = undefined;
      }
    });
    this.#running = run;
    return run;
  }
}
