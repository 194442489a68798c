"""Client: the one door for pages, command line and notebooks.

```python
from core.client import Client

client = Client()
[run] = client.submit(client.preset("basic_cnn").experiment)
client.wait([run.id])
client.metrics([run.id])
```
"""

from core.client.client import Client

__all__ = ["Client"]
