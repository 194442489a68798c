// The browser half of the live chart. Streamlit calls the default export on every message and
// on every change of theme. A message is one line, "<digest> <name>", and then JSON.
//
// To send something back (a selection, a click), listen on `chart.plot` after its first draw
// (`chart.plot.on("plotly_selected", ...)`) and hand `setTriggerValue` in from the default
// export; everything else here stays as it is.

const NARROW = 560; // pixels: below it, margins shrink

// ---------------------------------------------------------------- Plotly, once per page

const loading = new Map();

function loadPlotly(url) {
  if (!url) return Promise.reject(new Error("the server could not provide the drawing library"));
  if (!loading.has(url)) {
    const attempt = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const fail = () => {
        script.remove();
        loading.delete(url); // so that the next update tries again
        reject(new Error("the drawing library did not load"));
      };
      script.src = new URL(url, document.baseURI).href;
      script.onload = () => (window.Plotly ? resolve(window.Plotly) : fail());
      script.onerror = fail;
      document.head.append(script);
    });
    loading.set(url, attempt);
  }
  return loading.get(url);
}

// ---------------------------------------------------------------- Theme and width

function readTheme(element) {
  const style = getComputedStyle(element);
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  return {
    text: read("--st-text-color", "#31333f"),
    paper: read("--st-background-color", "#ffffff"),
    raised: read("--st-secondary-background-color", "#f0f2f6"),
    grid: read("--st-dataframe-border-color", "rgba(128, 128, 128, 0.25)"),
    line: read("--st-border-color", "rgba(128, 128, 128, 0.4)"),
    accent: read("--st-primary-color", "#006cb4"),
    font: read("--st-font", "sans-serif"),
  };
}

// What the figure leaves open, taken from the page. A template, so that the figure always wins.
function template(theme, narrow) {
  const axis = {
    gridcolor: theme.grid,
    zerolinecolor: theme.grid,
    linecolor: theme.line,
    automargin: true,
    ticklabelstandoff: 4,
    title: { standoff: 8 },
  };
  return {
    layout: {
      font: { color: theme.text, family: theme.font, size: narrow ? 12 : 13 },
      paper_bgcolor: theme.paper,
      plot_bgcolor: theme.paper,
      margin: narrow ? { l: 44, r: 10, t: 30, b: 36 } : { l: 56, r: 20, t: 30, b: 44 },
      xaxis: axis,
      yaxis: axis,
      legend: {
        orientation: "h",
        x: 0,
        xanchor: "left",
        xref: "paper",
        y: 0,
        yanchor: "bottom",
        yref: "container",
        bgcolor: "rgba(0, 0, 0, 0)",
      },
      hoverlabel: {
        bgcolor: theme.raised,
        bordercolor: theme.line,
        font: { color: theme.text, family: theme.font },
        align: "left",
        namelength: -1,
      },
      modebar: {
        bgcolor: "rgba(0, 0, 0, 0)",
        color: theme.text,
        activecolor: theme.accent,
      },
    },
  };
}

// A finger that drags over a chart wants to scroll the page; the mode bar still offers zoom.
const touch = window.matchMedia("(pointer: coarse)").matches;

function arrange(figure, chart, theme, width) {
  return {
    uirevision: "live", // constant: what the reader did survives every update
    dragmode: touch ? false : "zoom",
    ...figure.layout,
    template: template(theme, width < NARROW),
    autosize: false,
    width,
    height: chart.height,
  };
}

// ---------------------------------------------------------------- Mode bar and keyboard

// One object for all charts and all time: another one would make Plotly.react start again.
let config = null;

function plotlyConfig(Plotly) {
  const download = (format) => (node) =>
    Plotly.downloadImage(node, {
      format,
      filename: "convscope",
      width: node.clientWidth,
      height: node.clientHeight,
      scale: format === "png" ? 2 : 1,
    });
  config ??= {
    displaylogo: false,
    displayModeBar: touch ? true : "hover",
    showTips: false,
    modeBarButtons: [
      ["zoom2d", "pan2d", "resetScale2d"],
      [
        {
          name: "png",
          title: "Download as PNG",
          icon: Plotly.Icons.camera,
          click: download("png"),
        },
        {
          name: "svg",
          title: "Download as SVG",
          icon: Plotly.Icons.disk,
          click: download("svg"),
        },
      ],
    ],
  };
  return config;
}

// Plotly's legend listens to the mouse only: make its entries buttons for everybody.
function openLegendToKeyboard(plot) {
  for (const entry of plot.querySelectorAll(".legend .traces")) {
    const toggle = entry.querySelector(".legendtoggle");
    if (!toggle) continue;
    toggle.setAttribute("tabindex", "0");
    toggle.setAttribute("role", "button");
    toggle.setAttribute("aria-label", `Show or hide ${entry.textContent.trim()}`);
    toggle.setAttribute("aria-pressed", String(Number(entry.style.opacity || 1) === 1));
  }
}

function pressLegend(event) {
  if (event.key !== "Enter" && event.key !== " ") return;
  if (!event.target.classList?.contains("legendtoggle")) return;
  event.preventDefault();
  for (const type of ["mousedown", "mouseup"]) {
    event.target.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true }));
  }
}

function describe(plot, description) {
  plot.querySelectorAll("svg.main-svg").forEach((svg, layer) => {
    // The further layers hold the legend, whose entries are buttons: no image may hide those.
    svg.setAttribute("role", layer === 0 ? "img" : "group");
    if (layer === 0) svg.setAttribute("aria-label", description);
  });
}

// ---------------------------------------------------------------- One chart

function child(parent, tag, className) {
  const element = document.createElement(tag);
  element.className = className;
  parent.append(element);
  return element;
}

class LiveChart {
  constructor() {
    this.root = document.createElement("div");
    this.root.className = "live-chart__root";
    this.plot = child(this.root, "div", "live-chart__plot");
    this.skeleton = child(this.root, "div", "live-chart__skeleton");
    this.error = child(this.root, "div", "live-chart__error");
    this.error.setAttribute("role", "alert");
    this.error.hidden = true;
    this.caption = child(this.root, "p", "live-chart__description");
    this.owner = null; // the parentElement it is shown in
    this.digest = null; // of the newest message
    this.message = null;
    this.drawn = null; // digest, theme and width of what is on the screen
    this.drawing = false;
    this.held = false; // a pointer is down: the reader is dragging a zoom
    this.listen();
  }

  listen() {
    this.stopListening = new AbortController();
    const { signal } = this.stopListening;
    const release = () => {
      if (!this.held) return;
      this.held = false;
      this.draw();
    };
    this.plot.addEventListener("pointerdown", () => (this.held = true), { signal });
    window.addEventListener("pointerup", release, { signal });
    window.addEventListener("pointercancel", release, { signal });
    this.plot.addEventListener("keydown", pressLegend, { signal });
    this.resize = new ResizeObserver(() => requestAnimationFrame(() => this.draw()));
    this.resize.observe(this.root);
  }

  moveTo(parentElement) {
    if (this.owner === parentElement) return;
    this.owner = parentElement;
    parentElement.querySelector(".live-chart").replaceChildren(this.root);
  }

  receive({ digest, message }) {
    if (digest === this.digest) return;
    this.digest = digest;
    this.message = message();
    this.root.style.height = `${this.message.chart.height}px`;
    this.caption.textContent = this.message.chart.description;
  }

  // Draws the newest message until the screen shows it; several calls make one loop.
  async draw() {
    if (this.drawing) return;
    this.drawing = true;
    try {
      while (await this.drawOnce());
    } catch (error) {
      this.fail(error);
    } finally {
      this.drawing = false;
    }
  }

  async drawOnce() {
    if (!this.message || this.held) return false;
    const Plotly = await loadPlotly(this.message.chart.plotlyUrl);
    const width = Math.floor(this.root.clientWidth);
    if (!width || this.held || !this.root.isConnected) return false;
    const theme = readTheme(this.root);
    const state = JSON.stringify([this.digest, theme, width]);
    if (state === this.drawn) return false;
    const { figure, chart } = this.message;
    this.drawn = state;
    const layout = arrange(figure, chart, theme, width);
    await Plotly.react(this.plot, figure.data, layout, plotlyConfig(Plotly));
    this.root.classList.toggle("live-chart__root--empty", figure.data.length === 0);
    this.finish(chart);
    return true;
  }

  finish(chart) {
    this.skeleton.hidden = true;
    this.error.hidden = true;
    this.caption.hidden = true; // the drawing itself now carries the same words
    describe(this.plot, chart.description);
    if (!this.ready) {
      this.plot.on("plotly_afterplot", () => openLegendToKeyboard(this.plot));
      this.ready = true;
    }
    openLegendToKeyboard(this.plot);
  }

  fail(error) {
    console.error("Live chart:", error);
    this.drawn = null;
    this.skeleton.hidden = true;
    this.caption.hidden = false;
    this.error.hidden = false;
    this.error.textContent =
      `This chart could not be drawn: ${error.message}. ` +
      "The next update tries again. If the error stays, reload the page.";
  }

  remove() {
    this.stopListening.abort();
    this.resize.disconnect();
    if (this.ready) window.Plotly.purge(this.plot);
  }
}

// ---------------------------------------------------------------- What Streamlit calls

// By name, not by parentElement: when a rerun inserts something above a chart, Streamlit mounts
// it again, and the reader's zoom must move along with the node.
const charts = new Map();
const GRACE = 5000; // milliseconds between leaving the page and being forgotten

function parse(bytes) {
  const text = new TextDecoder().decode(bytes);
  const end = text.indexOf("\n");
  const [digest, name] = text.slice(0, end).split(" ");
  return { digest, name, message: () => JSON.parse(text.slice(end + 1)) };
}

function forget(name) {
  const chart = charts.get(name);
  if (!chart || chart.root.isConnected) return;
  chart.remove();
  charts.delete(name);
}

export default function ({ data, parentElement }) {
  const update = parse(data);
  if (!charts.has(update.name)) charts.set(update.name, new LiveChart());
  const chart = charts.get(update.name);
  chart.moveTo(parentElement);
  try {
    chart.receive(update);
    chart.draw();
  } catch (error) {
    chart.fail(error);
  }
  // Streamlit also cleans up after calls that a newer one has replaced: `forget` checks first.
  return () => setTimeout(forget, GRACE, update.name);
}
