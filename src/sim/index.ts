/**
 * The public door of zmqnet/sim: what users need to break their own mesh in a unit test. The parts behind it are not
 * exported.
 */

export { nothingRemains, staysBounded } from './check-leaks.ts'
export { linksAreFifo } from './check-order.ts'
export {
  allAlive,
  CHECKERS,
  type Checker,
  judge,
  outcomesAreHonest,
  runsOnce,
  settlesOnceInTime,
  talliesAddUp,
} from './checkers.ts'
export type { ClockSkew } from './clock.ts'
export { CALM, type Direction, type LinkFaults } from './conditions.ts'
export { type Fault, type FaultKind, type FaultPlanOptions, planFaults, unleash } from './faults.ts'
export { forEachSeed, type SeedOptions, type SeedRun, type SeedSummary } from './for-each-seed.ts'
export type {
  Asked,
  Counted,
  Disorder,
  Finished,
  Handled,
  History,
  HistoryEntry,
  Incident,
  LinkChanged,
  OperationKind,
  Remains,
  Saw,
  Settled,
  Settlement,
} from './history.ts'
export type { InjectionCounts, InjectionKind } from './injections.ts'
export type { SimOptions } from './options.ts'
export {
  describeVerdict,
  runScenario,
  SCENARIOS,
  type Scenario,
  type ScenarioName,
  type Verdict,
} from './scenarios.ts'
export { randomFor } from './seeds.ts'
export { type Simulation, simulate } from './simulate.ts'
export { Workload, type WorkloadOptions } from './workload.ts'
