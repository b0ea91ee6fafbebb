using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Perfolizer.Horology;
using SiamIlgpu.Kernels.Cpu;
using SiamIlgpu.Tests.Cases;

namespace SiamIlgpu.Bench.Micro;

/// <summary>Medians, with the work of an operation per second beside them.</summary>
internal sealed class MicroConfig : ManualConfig
{
    public MicroConfig()
    {
        AddJob(Job.ShortRun.WithIterationCount(15).WithIterationTime(TimeInterval.FromMilliseconds(100)));
        AddColumn(StatisticColumn.Median);
        AddColumn(new RateColumn("GFLOP/s", "Operations by the definition, over the median", (work, seconds, _) => Rate(work.Flops, seconds)));
        AddColumn(new RateColumn("GB/s", "Everything read and written once, over the median", (work, seconds, _) => Rate(work.Bytes, seconds)));
        AddColumn(new RateColumn("of peak", "Share of the machine's multiply-adds, measured at the end; Winograd may do better than all of them", ShareOfPeak));
        WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(40));
        HideColumns(Column.Error, Column.StdDev, Column.Mean);
    }

    private static string Rate(double work, double seconds) => work > 0 ? $"{work / seconds / 1e9:F1}" : "";

    private static string ShareOfPeak(OperationCase work, double seconds, int threads)
    {
        if (work.Flops == 0)
            return "";
        if (!Peaks.TryGetValue(threads, out double peak))
        {
            using var device = new CpuDevice(threads);
            peak = new FmaPeak(FmaPeak.Widths.First()).Best(device);
            Peaks.Add(threads, peak);
        }
        return $"{work.Flops / seconds / 1e9 / peak:P0}";
    }

    // GFLOP/s by the number of threads.
    private static readonly Dictionary<int, double> Peaks = [];

    private sealed class RateColumn(string name, string legend, Func<OperationCase, double, int, string> text) : IColumn
    {
        public string Id => name;

        public string ColumnName => name;

        public string Legend => legend;

        public bool AlwaysShow => true;

        public ColumnCategory Category => ColumnCategory.Custom;

        public int PriorityInCategory => 0;

        public bool IsNumeric => true;

        public UnitType UnitType => UnitType.Dimensionless;

        public bool IsAvailable(Summary summary) => true;

        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase) => GetValue(summary, benchmarkCase, summary.Style);

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style)
        {
            if (summary[benchmarkCase]?.ResultStatistics is not { } statistics)
                return "?";
            var operation = (string)benchmarkCase.Parameters[nameof(OperationBenchmarks.Operation)];
            var threads = (int)benchmarkCase.Parameters[nameof(OperationBenchmarks.Threads)];
            return text(OperationCases.Timed.Single(c => c.Name == operation), statistics.Median / 1e9, threads);
        }
    }
}
