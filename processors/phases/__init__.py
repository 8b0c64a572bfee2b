"""The phases of a flight, one plan a vehicle class as data: which event leads where, and what counts in which phase.

`plans.plan_of(dictionary, vehicle)` is a vehicle's plan, `machine.Phases` the machine that follows it, and `gate.Gate`
what stands between a vehicle's detectors and those who are told. docs/phases.md shows every plan.
"""
