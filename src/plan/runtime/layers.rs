//! An image's layers under construction.

use crate::image::ImageConfig;
use crate::plan::{FileAction, Input, Op, Output, Plan, Role};
use crate::source::Span;

/// The layers so far.
pub(super) struct Layers {
    /// Layers made without looking at the base, to be merged onto it.
    loose: Vec<Output>,
    /// What they lie on.
    base: Option<Output>,
    merge: bool,
}

impl Layers {
    /// No layers yet, only a base.
    pub(super) fn new(base: Option<Output>, merge: bool) -> Self {
        Self {
            loose: vec![],
            base,
            merge,
        }
    }

    /// What the layers lie on, as long as there are none.
    pub(super) fn base(&self) -> Option<Output> {
        self.base.clone()
    }

    /// Adds a layer of files.
    pub(super) fn add(
        &mut self,
        plan: &mut Plan,
        config: &mut ImageConfig,
        input: &Input<'_>,
        layer: Layer,
    ) {
        if layer.actions.is_empty() {
            return;
        }
        config.history(&layer.name, false, input.epoch);
        if !layer.loose {
            self.flatten(plan);
        }
        let loose = self.merge && self.base.is_some() && layer.loose;
        let base = if loose { None } else { self.base.take() };
        let op = Op::Files {
            base,
            actions: layer.actions,
        };
        let step = plan.push(Role::Image, layer.name, op, layer.span);
        let output = Output::root(step);
        if loose {
            self.loose.push(output)
        } else {
            self.base = Some(output)
        }
    }

    /// Takes the file system that a process left.
    pub(super) fn ran(
        &mut self,
        plan: &mut Plan,
        out: Output,
        config: &mut ImageConfig,
        input: &Input<'_>,
    ) {
        let step = &mut plan.steps[out.step];
        step.role = Role::Image;
        config.history(&step.name, false, input.epoch);
        self.base = Some(out);
    }

    /// All layers so far as one file system.
    pub(super) fn flatten(&mut self, plan: &mut Plan) -> Option<Output> {
        if !self.loose.is_empty() {
            let parts = self
                .base
                .take()
                .into_iter()
                .chain(self.loose.drain(..))
                .collect();
            let step = plan.push(Role::Base, "layers".into(), Op::Merge(parts), None);
            self.base = Some(Output::root(step));
        }
        self.base.clone()
    }
}

/// A layer of files to add.
pub(super) struct Layer {
    /// What it holds, for progress and history.
    pub name: String,
    /// How it is made; without actions there is no layer.
    pub actions: Vec<FileAction>,
    /// Where the spec asks for it.
    pub span: Option<Span>,
    /// Whether it can be made without a look at what it lies on: it names no users, and the directories
    /// that it makes are plain ones of root in every base.
    pub loose: bool,
}
