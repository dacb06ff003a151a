import { modelContract } from './model.ts';
import { scriptedWorld } from './scriptedWorld.ts';

modelContract('scripted', async () => scriptedWorld((scripted) => scripted));
