using System.Globalization;
using Coord.Simulation.Faults;

namespace Coord.Simulation;

/// <summary>What the command line asks for.</summary>
internal sealed class RunnerArguments
{
    public const string Usage = """
        sim [options]

          --seeds N             run so many seeds (default 100)
          --first N             the first of them (default 1)
          --minutes M           run for so long instead; 0.5 is half a minute
          --seed S              run one seed, and print what happened if it fails
          --trace               print what happened, line by line, in any case
          --verify-determinism  run each seed twice, and compare
          --hashes              print the hash of each run, for a comparison with other processes
          --marks               fail if more than 200 seeds never came to a place that matters
          --keep-going          do not stop at the first seed that fails
          --shrink              make a seed that fails smaller, as small as it goes
          --regressions         run the seeds that failed once
          --mutants NAME,...    turn on one planted bug after the other, or all, and run seeds until it is caught;
                                with --minutes it stops in time, and prints how to go on
          --tried N             how many seeds the first of them has survived already

          --more-disk-faults    let disks also lose and misdirect writes, and be emptied

        What is taken out of a run:
          --workload NAME  --nodes N  --clients N  --operations N  --injections N
          --without FAULT,FAULT...
          --mutant NAME         turn a planted bug on
        """;

    public RunOptions Options { get; private set; } = new();

    public bool IsOneSeed { get; private set; }

    public ulong First { get; private set; } = 1;

    public long Seeds { get; private set; } = 100;

    public TimeSpan? Time { get; private set; }

    public bool VerifiesDeterminism { get; private set; }

    public bool PrintsHashes { get; private set; }

    public bool ChecksMarks { get; private set; }

    public bool KeepsGoing { get; private set; }

    public bool Shrinks { get; private set; }

    public bool IsRegression { get; private set; }

    /// <summary>Gets how many seeds the first planted bug has survived before.</summary>
    public long Tried { get; private set; }

    /// <summary>Gets the planted bugs to hunt; null if that is not wanted.</summary>
    public IReadOnlyList<string>? Mutants { get; private set; }

    /// <summary>Reads arguments.</summary>
    /// <exception cref="FormatException">They make no sense; the message says which.</exception>
    public static RunnerArguments Parse(IReadOnlyList<string> args)
    {
        RunnerArguments parsed = new();
        for (int i = 0; i < args.Count; i++)
        {
            string name = args[i];
            string Value() => ++i < args.Count ? args[i] : throw new FormatException($"{name} needs a value.");
            int Number() => int.Parse(Value(), CultureInfo.InvariantCulture);
            switch (name)
            {
                case "--seeds": parsed.Seeds = Number(); break;
                case "--first": parsed.First = ulong.Parse(Value(), CultureInfo.InvariantCulture); break;
                case "--minutes": parsed.Time = TimeSpan.FromMinutes(ParseNumber(Value())); break;
                case "--verify-determinism": parsed.VerifiesDeterminism = true; break;
                case "--hashes": parsed.PrintsHashes = true; break;
                case "--marks": parsed.ChecksMarks = true; break;
                case "--keep-going": parsed.KeepsGoing = true; break;
                case "--shrink": parsed.Shrinks = true; break;
                case "--regressions": parsed.IsRegression = true; break;
                case "--mutants":
                    string names = i + 1 < args.Count && !args[i + 1].StartsWith('-') ? Value() : "all";
                    parsed.Mutants = names == "all" ? MutantTable.Names : [.. names.Split(',').Select(KnownMutant)];
                    break;
                case "--tried": parsed.Tried = Number(); break;
                case "--seed":
                    parsed.IsOneSeed = true;
                    parsed.Options = parsed.Options with { Seed = ulong.Parse(Value(), CultureInfo.InvariantCulture) };
                    break;
                case "--more-disk-faults":
                    parsed.Options = parsed.Options with { MoreDiskFaults = true };
                    break;
                case "--trace": parsed.Options = parsed.Options with { Trace = true }; break;
                case "--workload": parsed.Options = parsed.Options with { Workload = Value() }; break;
                case "--nodes": parsed.Options = parsed.Options with { Nodes = Number() }; break;
                case "--clients": parsed.Options = parsed.Options with { Clients = Number() }; break;
                case "--operations": parsed.Options = parsed.Options with { Operations = Number() }; break;
                case "--injections": parsed.Options = parsed.Options with { Injections = Number() }; break;
                case "--mutant": parsed.Options = parsed.Options with { Mutant = KnownMutant(Value()) }; break;
                case "--without":
                    parsed.Options = parsed.Options with
                    {
                        Without = new SortedSet<FaultKind>(
                            Value().Split(',').Select(kind => Enum.Parse<FaultKind>(kind, ignoreCase: true))),
                    };
                    break;
                case "--help": throw new FormatException("Runs clusters in a simulated world, from seeds.");
                default: throw new FormatException($"'{name}' is unknown.");
            }
        }

        return parsed;
    }

    private static string KnownMutant(string name) => MutantTable.Names.Contains(name)
        ? name : throw new FormatException($"No planted bug is called '{name}': {string.Join(' ', MutantTable.Names)}");

    private static double ParseNumber(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
