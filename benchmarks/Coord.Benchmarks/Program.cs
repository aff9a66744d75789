using System.Reflection;
using BenchmarkDotNet.Running;
using Coord.Benchmarks;

if (args is ["imbalance"])
    Imbalance.Print(Console.Out);
else
    BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args);
