"""A form drawn from the fields of a spec: titles, help, bounds, choices of kind, lists.

``draft``             what is filled in so far, right or wrong, with undo: no Streamlit
``form``              a draft on the page: widget keys, callbacks, and errors at their fields
``scalars``           one widget per plain field
``groups``            any field: rows, groups, choices of kind, optional groups
``lists``             items that can be added, removed, duplicated and moved
``backbone``          the choice between stages and a pretrained backbone
``sections``          the layout of an experiment's fields
``experiment_start``  what the form starts from: a preset, a run, a file
``grid``              fields with several values: one run per combination
``lessons``           short texts beside the options

A widget writes into the draft when it changes, and is drawn from the draft. So no value is lost
when another field, a list or the page changes.
"""

from dashboard.form.draft import Draft
from dashboard.form.form import Form
from dashboard.form.sections import draw

__all__ = ["Draft", "Form", "draw"]
