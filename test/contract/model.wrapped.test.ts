import { withBreaker } from '../../src/agent/models/breaker.ts';
import { firstThatAnswers } from '../../src/agent/models/chooseModel.ts';
import { withLimit } from '../../src/agent/models/limit.ts';
import { withMeter } from '../../src/agent/models/meter.ts';
import { withRetry } from '../../src/agent/models/retry.ts';
import { FakeClock } from '../fakes/fakeClock.ts';
import { meterParts, taskWith } from '../unit/models/meterSetup.ts';
import { modelContract } from './model.ts';
import { scriptedWorld } from './scriptedWorld.ts';

const log = () => undefined;

modelContract('with retries', async () => scriptedWorld((model) => withRetry(model, { clock: new FakeClock(), log })));
modelContract('with a limit', async () => scriptedWorld((model) => withLimit(model, 2)));
modelContract('with a breaker', async () => scriptedWorld((model) => withBreaker(model, new FakeClock())));
modelContract('with a meter', async () => scriptedWorld((model) => withMeter(model, taskWith(), meterParts())));
modelContract('the first that answers', async () => scriptedWorld((model) => firstThatAnswers([model], log)));
modelContract('with all of it', async () =>
  scriptedWorld((model) => {
    const clock = new FakeClock();
    return withLimit(
      firstThatAnswers(
        [withBreaker(withRetry(withMeter(model, taskWith(), meterParts(clock)), { clock, log }), clock)],
        log,
      ),
      2,
    );
  }),
);
