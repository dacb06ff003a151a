/** Codes of the failures by which this agent itself keeps a call from being made: it says nothing about the service. */
export const heldBack: readonly string[] = ['budget', 'rate-limited', 'price-unknown'];
