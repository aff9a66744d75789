namespace Coord.Raft.Tests.Storage;

/// <summary>The machine is off. No code catches this: it ends whatever was running, as a real power cut does.</summary>
internal sealed class PowerCutException() : Exception("The power is off.");
