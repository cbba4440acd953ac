//! Which local libraries share a step.
//!
//! A step of its own for each library compiles least after an edit, but each step starts a container and a Cargo, and
//! no library is compiled from the metadata of one that is still being compiled. Where most edits repeat both of two
//! steps anyway, as along a chain, one step for both is better. So steps are joined while that makes edits faster on
//! average. The gain for each library is measured relative to what its edit costs with a step for each library: where
//! little is compiled, one library more matters more. Each library is edited as often as any other, and now and then
//! everything below changes. Sizes of sources do not matter, or else an edit would move libraries from step to step.

/// More libraries than this are taken by their levels.
pub(super) const MOST: usize = 48;
/// What a step of its own costs, in parts of [`COMPILE`], beside 1.7 s for a library of a web service: measured as 0.35 s
/// to start it and keep what it makes, and most of it again because cores wait where one step follows another.
const START: u64 = 1;
/// What compiling a library costs.
const COMPILE: u64 = 3;
/// The step that compiles the program comes after all of them.
const PROGRAM: u64 = START + COMPILE;
/// One change of what is below all of them (a dependency, the toolchain) for so many edits of each.
const EDITS: u64 = 6;
/// Parts of one, for shares of costs.
const ONE: u64 = 1 << 20;

/// A set of libraries, by their places.
type Set = u64;

fn places(mut set: Set) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(place)
    })
}

/// Steps under way to fewer of them.
struct Steps {
    /// The libraries of each step; 0 for those that were joined to others.
    own: Vec<Set>,
    /// The steps that are repeated when a step is: itself and what needs it, directly or not.
    above: Vec<Set>,
    /// The weight of a unit of cost in an edit of each step's libraries.
    weights: Vec<u64>,
    /// Its weight where everything is repeated.
    all: u64,
}

impl Steps {
    /// One for each library, given what each needs directly.
    fn new(below: &[Vec<usize>]) -> Self {
        let mut above: Vec<Set> = (0..below.len()).map(|place| 1 << place).collect();
        for place in (0..below.len()).rev() {
            for needed in &below[place] {
                above[*needed] |= above[place];
            }
        }
        let count = below.len() as u64;
        let alone = |steps: u64| ONE / (PROGRAM + (START + COMPILE) * steps);
        Self {
            own: (0..below.len()).map(|place| 1 << place).collect(),
            weights: above
                .iter()
                .map(|above| alone(u64::from(above.count_ones())))
                .collect(),
            above,
            all: alone(count) * count / EDITS,
        }
    }

    /// What repeating some steps costs.
    fn cost(&self, steps: Set) -> u64 {
        places(steps)
            .map(|step| START + COMPILE * u64::from(self.own[step].count_ones()))
            .sum()
    }

    /// Whether something else is between the two: joined they would need it, and it them.
    fn is_apart(&self, lower: usize, upper: usize) -> bool {
        places(self.above[lower] & !(1 << lower) & !(1 << upper))
            .any(|step| self.above[step] & (1 << upper) != 0)
    }

    /// By how much edits get cheaper where two steps are one; less than 0 where they get dearer.
    fn gain(&self, one: usize, other: usize) -> i64 {
        let both: Set = (1 << one) | (1 << other);
        let above = self.above[one] | self.above[other];
        let mut gain = START * self.all;
        let mut loss = 0;
        for (reach, weight) in self.above.iter().zip(&self.weights) {
            if reach & both == 0 {
                continue;
            }
            // Both are started once, whether or not both were to be repeated.
            gain += weight * START;
            loss += weight * self.cost(above & !reach);
        }
        gain.cast_signed() - loss.cast_signed()
    }

    fn join(&mut self, one: usize, other: usize) {
        let both: Set = (1 << one) | (1 << other);
        let above = (self.above[one] | self.above[other]) & !(1 << other);
        self.own[one] |= self.own[other];
        self.own[other] = 0;
        self.weights[one] += self.weights[other];
        for reach in &mut self.above {
            if *reach & both != 0 {
                *reach = (*reach | above) & !(1 << other);
            }
        }
        self.above[other] = 0;
    }

    /// The two of which one would be best.
    fn best(&self) -> Option<(usize, usize)> {
        let alive = |step: &usize| self.own[*step] != 0;
        let all = || (0..self.own.len()).filter(alive);
        let pairs = all().flat_map(|one| all().map(move |other| (one, other)));
        let pairs = pairs.filter(|(one, other)| {
            let related = self.above[*one] & (1 << other) != 0;
            let unrelated = self.above[*other] & (1 << one) == 0 && one < other;
            (related && one != other && !self.is_apart(*one, *other)) || (!related && unrelated)
        });
        let gains = pairs.map(|(one, other)| (self.gain(one, other), one, other));
        let gains = gains.filter(|(gain, ..)| *gain > 0);
        let best = gains.min_by_key(|(gain, one, other)| (std::cmp::Reverse(*gain), *one, *other));
        best.map(|(_, one, other)| (one, other))
    }

    /// The libraries of each step in an order in which they can be compiled: those on which more depend first.
    fn sorted(&self) -> Vec<Vec<usize>> {
        let alive = |step: &usize| self.own[*step] != 0;
        let mut order: Vec<usize> = (0..self.own.len()).filter(alive).collect();
        order.sort_by_key(|step| (std::cmp::Reverse(self.above[*step].count_ones()), *step));
        let libraries = |step: usize| places(self.own[step]).collect();
        order.into_iter().map(libraries).collect()
    }
}

/// Joins libraries, given what each needs directly, into steps; both dependencies first.
pub(super) fn steps(below: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut steps = Steps::new(below);
    while let Some((one, other)) = steps.best() {
        steps.join(one, other);
    }
    steps.sorted()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each library needs the three before it.
    fn chain(length: usize) -> Vec<Vec<usize>> {
        (0..length)
            .map(|place| (place.saturating_sub(3)..place).collect())
            .collect()
    }

    /// Libraries of which all but the first need the first.
    fn star(length: usize) -> Vec<Vec<usize>> {
        let first = std::iter::once(vec![]);
        first
            .chain(std::iter::repeat_n(vec![0], length - 1))
            .collect()
    }

    #[test]
    fn where_an_edit_compiles_little_each_library_has_a_step() {
        for graph in [chain(1), chain(2), chain(3), chain(4), star(4), star(MOST)] {
            let alone: Vec<Vec<usize>> = (0..graph.len()).map(|place| vec![place]).collect();
            assert_eq!(steps(&graph), alone, "{graph:?}");
        }
    }

    #[test]
    fn in_a_long_chain_neighbours_share_steps() {
        let pairs = (0..9).map(|pair| vec![2 * pair, 2 * pair + 1]);
        let expected: Vec<Vec<usize>> = pairs.chain([vec![18]]).collect();
        assert_eq!(steps(&chain(19)), expected);
    }

    #[test]
    fn no_step_needs_a_later_one() {
        // A pseudo-random graph for each seed.
        for seed in 1..200_usize {
            let length = 2 + seed % 30;
            let needs = |upper: usize, lower: usize| {
                (seed * 7919 + upper * 104_729 + lower * 1299).is_multiple_of(2 + seed % 7)
            };
            let below: Vec<Vec<usize>> = (0..length)
                .map(|upper| (0..upper).filter(|lower| needs(upper, *lower)).collect())
                .collect();
            let steps = steps(&below);
            let mut done: Vec<usize> = vec![];
            for own in &steps {
                done.extend(own);
                for place in own {
                    assert!(below[*place].iter().all(|one| done.contains(one)), "{seed}");
                }
            }
            done.sort_unstable();
            assert_eq!(done, (0..length).collect::<Vec<_>>(), "{seed}");
        }
    }
}
