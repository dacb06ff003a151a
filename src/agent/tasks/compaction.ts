const aboveBytes = 1024 * 1024;

/** When a journal's file is worth being written anew. */
export class CompactionPlan {
  #at = aboveBytes;
  #judgedWhileBusy = false;

  /** `busy`: not all tasks are over. */
  isDue(bytes: number, busy: boolean): boolean {
    if (this.#judgedWhileBusy && !busy) {
      this.#judgedWhileBusy = false;
      this.#at = aboveBytes;
    }
    return bytes > this.#at;
  }

  /**
   * The file has so many bytes, and would have hardly fewer. Of what is in use while tasks are under way, little is once
   * they are over: then it is looked at once more.
   */
  judged(bytes: number, busy: boolean): void {
    this.#at = next(bytes);
    this.#judgedWhileBusy = busy;
  }
}

/** Growing by a share keeps the cost of rewriting in proportion. */
function next(bytes: number): number {
  return Math.max(bytes + aboveBytes, bytes * 1.5);
}
