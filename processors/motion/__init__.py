"""How a vehicle moves, from whatever it sends: what detectors of flight events read.

`roles` says which channels measure what. `cells` gathers rows into cells of a tenth of a second, with medians, on a
grid of the rows' own times, whatever their order. `estimator` fills in height over the pad, acceleration without
gravity's share, and the state of two Kalman filters (`vertical`: height, climb and its rate; `speed`: speed and its
rate) with their sigmas. `track` keeps the cells of the last 150 s. `fits` makes the two-sided robust fits that time
events. `motion` ties them together, one a vehicle.

A detector is a `processors.motion_detector.MotionDetector`:

- `classes`: the classes of vehicles it is for (launcher, sounding, hop, express). It is called only for cells whose
  `kind` is one of them; `kind` is empty while the class is not known.
- `on_cell(cell, track)` is called for each cell in order, and returns findings. It must be cheap: there are 10 cells a
  second of every vehicle. Look at the estimate (`cell.h_m`, `v_m_s`, `a_m_s2`, `s_m_s`, `s_rate_m_s2`, each with its
  sigma; NaN compares false with everything) and at what was measured (`height_m`, `pull_m_s2`, `speed_m_s`, NaN where
  nothing was). `trusted` and `speed_trusted` say whether a filter believed it, `stale_s` for how long all has been
  frozen.
- Only when that triggers it makes a fit. `track.between(cell, first_ns, last_ns)` are the cells of a window as known
  with the cell in hand. `points(cells, lambda one: one.height_m, origin_ns)` are times and values of those where the
  value is a number, those that a filter refused included (the fits are robust). `polynomial(t_s, values, 2,
  least).zero(0.0, order=1)` is when its rate is zero, with sigma; `hinge(t_s, values, (low, high))` when two
  polynomials meet, with sigma and `gain`.
- `self.finding(type, t_ns, sigma_s, cell, count_first, values)` is an event that this cell completed:
  `cell.known_count` is its evidence, `cell.known_ns` the time at which it became known.
- `self.state` is a dataclass of plain values, for snapshots. It begins anew with `cell.segment`, when a log's clock
  does.

Times are Unix ns of the vehicle's clock; those of a log count from 2025-01-01.
"""
