//! Lines that pay for listed devices only.
//!
//! Nobody else can use their channels, so they pay first, and for as many of the listed devices as possible: where
//! lists overlap, what a line paid for one device goes over to another line if that lets it pay for a second one
//! (augmenting paths of a maximum flow). So a listed device takes channels that any device could use only when it
//! must.

use std::collections::VecDeque;

use super::DeviceId;
use super::supply::Share;

/// Such lines, and what they pay.
#[derive(Debug, Clone)]
pub(super) struct Listed<'a> {
    lines: &'a [Share],
    left: Vec<u64>,
    groups: Vec<Group>,
}

/// Devices that the same lines list: what is paid for one of them could be paid for any of them.
#[derive(Debug, Clone)]
struct Group {
    lines: Vec<usize>,
    /// What each of all lines pays for them.
    paid: Vec<u64>,
}

/// How a line is reached: from the line that hands over what it pays for a group.
type Step = Option<(usize, usize)>;

impl<'a> Listed<'a> {
    /// Lines that pay nothing yet.
    pub(super) fn new(lines: &'a [Share]) -> Self {
        Self {
            lines,
            left: lines.iter().map(|share| share.channels).collect(),
            groups: Vec::new(),
        }
    }

    /// The group of a device; none if no line lists it.
    pub(super) fn group(&mut self, device: &DeviceId) -> Option<usize> {
        let lines = (0..self.lines.len()).filter(|line| self.lines[*line].pays_for(device));
        let lines: Vec<usize> = lines.collect();
        if lines.is_empty() {
            return None;
        }
        let known = self.groups.iter().position(|group| group.lines == lines);
        Some(known.unwrap_or_else(|| {
            let paid = vec![0; self.lines.len()];
            self.groups.push(Group { lines, paid });
            self.groups.len() - 1
        }))
    }

    /// Pays for a device of `group` as much of `weight` as the lines can, and says how much.
    pub(super) fn pay(&mut self, group: Option<usize>, weight: u64) -> u64 {
        let Some(group) = group else { return 0 };
        let mut rest = weight;
        while rest > 0
            && let Some(path) = self.path(group)
        {
            rest -= self.hand_over(group, &path, rest);
        }
        weight - rest
    }

    /// Takes back what was paid for a device of `group`.
    pub(super) fn take_back(&mut self, group: Option<usize>, channels: u64) {
        let Some(group) = group else { return };
        let mut rest = channels;
        for (line, paid) in self.groups[group].paid.iter_mut().enumerate() {
            let back = rest.min(*paid);
            *paid -= back;
            self.left[line] += back;
            rest -= back;
        }
    }

    /// Takes up to `wanted` of what `line` pays for `group`, to name a device it is paid for.
    pub(super) fn name(&mut self, group: usize, line: usize, wanted: u64) -> u64 {
        let paid = &mut self.groups[group].paid[line];
        let named = wanted.min(*paid);
        *paid -= named;
        named
    }

    /// The shortest way to a line with something left: lines, each with the step that leads there.
    fn path(&self, group: usize) -> Option<Vec<(usize, Step)>> {
        let mut steps: Vec<Option<Step>> = vec![None; self.lines.len()];
        let mut queue: VecDeque<usize> = VecDeque::new();
        for line in &self.groups[group].lines {
            steps[*line] = Some(None);
            queue.push_back(*line);
        }
        while let Some(line) = queue.pop_front() {
            if self.left[line] > 0 {
                let mut path = Vec::new();
                let mut at = Some(line);
                while let Some(line) = at {
                    let step = steps[line].flatten();
                    path.push((line, step));
                    at = step.map(|(from, _)| from);
                }
                return Some(path);
            }
            for (number, other) in self.groups.iter().enumerate() {
                if other.paid[line] == 0 {
                    continue;
                }
                for next in &other.lines {
                    if steps[*next].is_none() {
                        steps[*next] = Some(Some((line, number)));
                        queue.push_back(*next);
                    }
                }
            }
        }
        None
    }

    /// Pays up to `wanted` along a path, and says how much.
    fn hand_over(&mut self, group: usize, path: &[(usize, Step)], wanted: u64) -> u64 {
        let handed = path.iter().filter_map(|(_, step)| *step);
        let handed = handed.map(|(from, number)| self.groups[number].paid[from]);
        let end = path.first().map_or(0, |(line, _)| self.left[*line]);
        let channels = handed.fold(wanted.min(end), u64::min);
        for (place, (line, step)) in path.iter().enumerate() {
            if place == 0 {
                self.left[*line] -= channels;
            }
            match step {
                Some((from, number)) => {
                    self.groups[*number].paid[*from] -= channels;
                    self.groups[*number].paid[*line] += channels;
                }
                None => self.groups[group].paid[*line] += channels,
            }
        }
        channels
    }
}
