"""Client: the Python interface for pages, command line and notebooks.

```python
from core.client import Client

client = Client()
[run] = client.runs.submit(client.experiments.preset("basic_cnn").experiment)
client.runs.wait([run.id])
client.metrics.frame([run.id])
```
"""

from core.client.client import Client

__all__ = ["Client"]
