namespace Coord.Simulation.Checking;

/// <summary>
/// One key of a store whose replies carry revisions. The revision belongs to the whole store, so for one key it only
/// grows: by at least one with each write.
/// </summary>
internal sealed class RevisionedKeyModel : ISequentialModel<KeyState, KeyInput, KeyOutput>
{
    public KeyState Initial => new(null, 0, 0, IsModKnown: true, Floor: 1);

    public bool TryStep(KeyState state, Call<KeyInput, KeyOutput> call, out KeyState next)
    {
        KeyInput input = call.Input;
        bool writes = input.Kind switch
        {
            KeyCallKind.Put => true,
            KeyCallKind.PutIf => state.Value == input.Expected,
            KeyCallKind.Delete => state.Value is not null,
            _ => false,
        };
        if (!call.IsKnown)
        {
            next = writes ? Written(state, input, state.Floor + 1) with { IsModKnown = false } : state;
            return true;
        }

        KeyOutput output = call.Output!;
        next = writes ? Written(state, input, output.Revision) : state with { Floor = output.Revision };
        if (output.Revision < state.Floor + (writes ? 1 : 0))
            return false;
        if (input.Kind is not KeyCallKind.Get)
            return output.IsDone == writes;

        return TryRead(state, output, ref next);
    }

    private static KeyState Written(KeyState state, KeyInput input, long revision) =>
        input.Kind is KeyCallKind.Delete
            ? new(null, 0, 0, IsModKnown: true, revision)
            : new(input.Value, state.Version + 1, revision, IsModKnown: true, revision);

    private static bool TryRead(KeyState state, KeyOutput output, ref KeyState next)
    {
        if (!output.IsDone)
            return state.Value is null;
        if (state.Value is null || output.Value != state.Value || output.Version != state.Version)
            return false;

        // A write whose reply was lost is seen here for the first time, and with it when it was.
        next = next with { ModRevision = output.ModRevision, IsModKnown = true };
        return state.IsModKnown
            ? output.ModRevision == state.ModRevision
            : output.ModRevision >= state.ModRevision && output.ModRevision <= output.Revision;
    }
}
