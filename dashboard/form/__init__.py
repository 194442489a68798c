"""A form that is drawn from a spec's own fields: titles, help, bounds, kinds, lists.

``shapes``   what a field is (a number with bounds, a choice, a group, a list): no Streamlit
``draft``    what a person has filled in so far, right or wrong, with undo: no Streamlit
``form``     one drawing of a draft: where a widget writes, which sentence stands at which field
``scalars``  one widget a plain field
``groups``   fields in rows, groups, kinds to choose from, optional groups
``lists``    items that can be added, removed, duplicated and moved
``sections`` how an experiment's fields are laid out; a new field appears by itself

A widget writes into the draft as soon as it changes and is drawn from it, so that no value is
lost when another field, a page or a list changes around it.
"""

from dashboard.form.draft import Draft
from dashboard.form.form import Form
from dashboard.form.sections import draw

__all__ = ["Draft", "Form", "draw"]
