/**
 * The public door of zmqnet/sim: what users need to break their own mesh in a unit test. The parts behind it are not
 * exported.
 */

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
export { CALM, type Direction, type LinkFaults } from './conditions.ts'
export { type Fault, type FaultKind, type FaultPlanOptions, planFaults, unleash } from './faults.ts'
export type {
  Asked,
  Handled,
  History,
  HistoryEntry,
  OperationKind,
  Saw,
  Settled,
  Settlement,
} from './history.ts'
export {
  describeVerdict,
  runScenario,
  SCENARIOS,
  type Scenario,
  type ScenarioName,
  type Verdict,
} from './scenarios.ts'
export { randomFor } from './seeds.ts'
export { type Incident, type SimOptions, type Simulation, simulate } from './simulate.ts'
export { Workload, type WorkloadOptions } from './workload.ts'
