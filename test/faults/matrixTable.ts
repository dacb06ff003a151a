import { hostFaults } from './matrixHostFaults.ts';
import { linkFaults } from './matrixLinkFaults.ts';
import { networkFaults } from './matrixNetworkFaults.ts';
import { serverFaults } from './matrixServerFaults.ts';
import type { ServerKind } from './matrixServers.ts';
import { FaultWorld, type State, states } from './matrixWorld.ts';

/** One row of the matrix: a fault, in every state where it means something. */
export interface Fault {
  /** By its number in the list of faults, F01 to F36. */
  readonly fault: string;
  readonly what: string;
  /** `mesh` unless said otherwise. */
  readonly server?: ServerKind;
  /** Why there is no cell for a state. */
  readonly notIn?: Readonly<Partial<Record<State, string>>>;
  /** How many times faster than real the agent's time passes; as fast as its deadlines bear, unless said otherwise. */
  readonly hurry?: number;
  /** Why the quick share of `npm test` leaves the row out. */
  readonly notInShare?: string;
  /** Before the state is brought about. */
  prepare?(world: FaultWorld): void;
  /** From the state to where everything works again; the world then checks what must hold. */
  inject(world: FaultWorld): Promise<void>;
}

export interface Cell {
  readonly name: string;
  readonly inShare: boolean;
  /** Rejects with what did not hold. */
  run(): Promise<void>;
}

export const faults: readonly Fault[] = [...linkFaults, ...networkFaults, ...serverFaults, ...hostFaults];

export const cells: readonly Cell[] = faults.flatMap((fault) =>
  states.flatMap((state) =>
    fault.notIn?.[state] === undefined
      ? [
          {
            name: `${fault.fault} ${fault.what} · ${state}`,
            inShare: fault.notInShare === undefined,
            run: () => survive(fault, state),
          },
        ]
      : [],
  ),
);

async function survive(fault: Fault, state: State): Promise<void> {
  const world = await FaultWorld.open(fault.server, fault.hurry);
  try {
    world.state = state;
    fault.prepare?.(world);
    await world.bring(state);
    await fault.inject(world);
    await world.finish();
  } finally {
    await world.close();
  }
}
