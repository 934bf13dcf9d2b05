/**
 * The retry budget: three to begin with, 0.09 for each request, one for each answer, never more than three.
 */

import test from 'ava'
import { RetryBudget } from '../../src/rpc/budget.ts'

function takeAll(budget: RetryBudget): number {
  let taken = 0
  while (taken < 1000 && budget.take()) taken += 1
  return taken
}

test('R14: a fresh budget has 3 retries', (t) => {
  t.is(takeAll(new RetryBudget()), 3)
})

test('R14: neither requests nor answers fill it above 3', (t) => {
  const budget = new RetryBudget()
  for (let count = 0; count < 100; count += 1) {
    budget.offered()
    budget.answered()
  }
  t.is(takeAll(budget), 3)
})

test('R14: an answer earns one retry', (t) => {
  const budget = new RetryBudget()
  takeAll(budget)
  budget.answered()
  t.is(takeAll(budget), 1)
})

test('R14: without answers, retries stay below a tenth of the requests', (t) => {
  const budget = new RetryBudget()
  let taken = 0
  for (let count = 1; count <= 1000; count += 1) {
    budget.offered()
    while (budget.take()) taken += 1
    t.true(taken <= 3 + count * 0.09 + 1e-9, `${taken} after ${count}`)
  }
  t.true(taken >= 90, `${taken}`)
})
