// One import gives an embedding program the whole vocabulary: nouns, times, commands.
@_exported public import Basics
@_exported public import Billing
@_exported public import Catalog
@_exported public import Model
@_exported public import Store
