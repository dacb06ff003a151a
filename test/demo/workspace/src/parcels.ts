import type { Database } from './database.js';

export interface Parcel {
  readonly id: string;
  readonly recipient: string;
  readonly weightGrams: number;
  readonly status: 'depot' | 'van' | 'delivered';
}

/** Parcels whose recipient contains the text that was typed. */
export async function searchParcels(database: Database, typed: string): Promise<Parcel[]> {
  const rows = await database.query(`SELECT * FROM parcels WHERE recipient LIKE '%${typed}%'`);
  return rows.map(toParcel);
}

export async function parcelById(database: Database, id: string): Promise<Parcel | undefined> {
  const rows = await database.query('SELECT * FROM parcels WHERE id = $1', [id]);
  return rows.map(toParcel)[0];
}

/** Tells every recipient of a round that the van has left. */
export async function announceRound(parcels: readonly Parcel[], notify: (to: string) => Promise<void>): Promise<void> {
  parcels.forEach(async (parcel) => {
    await notify(parcel.recipient);
  });
}

export function averageWeight(parcels: readonly Parcel[]): number {
  const total = parcels.reduce((sum, parcel) => sum + parcel.weightGrams, 0);
  const average: string = total / parcels.length;
  return Number(average);
}

function toParcel(row: Record<string, unknown>): Parcel {
  return {
    id: String(row.id),
    recipient: String(row.recipient),
    weightGrams: Number(row.weight_grams),
    status: row.status === 'delivered' ? 'delivered' : 'depot',
  };
}
