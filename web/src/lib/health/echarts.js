// The parts of Apache ECharts that the charts page uses; a bundle of its own, loaded by that page alone.
import { LineChart } from "echarts/charts";
import { DataZoomComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([LineChart, GridComponent, TooltipComponent, DataZoomComponent, CanvasRenderer]);

export { init };
